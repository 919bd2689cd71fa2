"""Django's settings, made from the typed environment (orqsite/environment). Values live there, wiring here."""

from pathlib import Path

from django.urls import reverse_lazy

from orqsite.agent_networks import address_policy, outbound_policy
from orqsite.console_site import UNFOLD as UNFOLD
from orqsite.databases import database
from orqsite.environment import Environment, read_environment
from orqsite.logs import configure_logs
from orqsite.mail_server import mail_server
from orqsite.openapi import spectacular_settings
from orqsite.secret_files import encryption_keys, secret_key
from orqsite.secret_text import SecretText

ORQ: Environment = read_environment()
DATA_DIR = ORQ.data_dir
AGENT_ADDRESSES = address_policy(ORQ)
OUTBOUND_ADDRESSES = outbound_policy(ORQ)

DEBUG = ORQ.debug
DEFAULT_EXCEPTION_REPORTER_FILTER = "orqsite.error_pages.WithoutValues"
SECRET_KEY = SecretText(ORQ.secret_key.get_secret_value() or secret_key(DATA_DIR / "secret_key"))
ENCRYPTION_KEYS: list[str] = [
    SecretText(key)
    for key in [key.get_secret_value() for key in ORQ.encryption_keys]
    or encryption_keys(DATA_DIR / "encryption_key")
]
ALLOWED_HOSTS = ORQ.allowed_hosts
CSRF_TRUSTED_ORIGINS = ORQ.trusted_origins

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "schedules",
    "workers",
]

MIDDLEWARE = [
    "orqsite.access_log.access_log",
    "orqsite.browser_headers.browser_headers",
    "orqsite.middleware.api_errors",
    "orqsite.client_address.forwarded_address",
    "orqsite.middleware.bounded_bodies",
    "orqsite.hosts.known_hosts",
    "orqsite.middleware.readable_requests",
    "orqsite.middleware.leapt_clock",
    "orqsite.acting.acting_person",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "orqsite.login.idle.renewed_sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "orqsite.urls"
WSGI_APPLICATION = "orqsite.wsgi.application"
APPEND_SLASH = False  # the API never redirects; the console's own links carry their slashes

_CONSOLE = Path(__file__).resolve().parent.parent / "schedules" / "templates"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_CONSOLE],  # ahead of Unfold's own of the same name
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database(ORQ)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["schedules.access.backend.RoleBackend"]
PASSWORD_HASHERS = ["orqsite.login.hashing.PatientHasher"]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

FORCE_SCRIPT_NAME = ORQ.path_prefix or None
STATIC_URL = f"{ORQ.path_prefix}/static/"
STATIC_ROOT = ORQ.static_dir or None
WHITENOISE_USE_FINDERS = (
    not ORQ.static_dir
)  # without collected files they are served from the installed packages
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if ORQ.static_dir
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ORQ.https
SECURE_HSTS_SECONDS = 31_536_000 if ORQ.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ORQ.hsts_subdomains
SECURE_HSTS_PRELOAD = ORQ.hsts_preload
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{ORQ.path_prefix}/console/"
SESSION_COOKIE_AGE = ORQ.session_idle_minutes * 60
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie beyond the console
SECURE_SSL_REDIRECT = False  # the proxy in front redirects people; an API client is never redirected
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ORQ.https else None
# On purpose, see above: no redirect; what HSTS says of other names is the operator's to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = ORQ.max_body_bytes
FILE_UPLOAD_HANDLERS: list[str] = []  # nobody keeps a file: no form here takes one

_MAIL = mail_server(ORQ.email_url.get_secret_value() or "smtp://localhost")
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, SecretText(_MAIL.password)
EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.is_tls, _MAIL.is_starttls
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ORQ.email_from

SPECTACULAR_SETTINGS = spectacular_settings(ORQ.path_prefix)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["schedules.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["schedules.api.authentication.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["schedules.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "schedules.api.error_response.error_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}

LOGGING_CONFIG = None
configure_logs(ORQ.log_level, ORQ.log_format)
