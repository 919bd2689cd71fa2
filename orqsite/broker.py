"""Celery's settings: one queue of run ids, JSON only, publishes that fail fast, a worker of threads.

They are Celery's only: whatever it is configured with, `celery inspect conf` shows to all who reach the broker.
"""

from typing import Any

from celery.schedules import crontab

from orqsite.environment import Environment
from orqsite.secret_text import SecretText
from orqsite.servers.broker_url import celery_broker

QUEUE = "agent-schedules"

# A hung or dead broker costs a publisher about a second, not for ever: nothing is lost, the run's row is
# committed and a beat redispatches it.
PATIENCE_SECONDS = 1.0
NO_SECOND_TRY = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
OF_REDIS = NO_SECOND_TRY | {
    "socket_timeout": PATIENCE_SECONDS,
    "socket_connect_timeout": PATIENCE_SECONDS,
    "visibility_timeout": 3600,
}
OF_RABBITMQ = NO_SECOND_TRY | {"confirm_publish": True}


def celery_settings(environment: Environment) -> dict[str, Any]:
    """Celery's lower-case settings by name."""
    broker = celery_broker(environment.effective_broker_url)
    return {
        "broker_url": SecretText(broker.url),
        "broker_use_ssl": broker.tls,
        "broker_transport_options": OF_REDIS if broker.is_redis else OF_RABBITMQ,
        "broker_connection_timeout": PATIENCE_SECONDS,
        "broker_connection_max_retries": 0,
        "broker_connection_retry_on_startup": True,
        "task_publish_retry": False,
        "task_default_queue": QUEUE,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "result_expires": None,
        "timezone": "UTC",
        "enable_utc": True,
        "worker_pool": "threads",
        "worker_concurrency": environment.worker_threads,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": environment.remote_control,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "beat_scheduler": "orqsite.beat:Scheduler",
        "beat_schedule": {
            "prune-history": {"task": "workers.tasks.prune_history", "schedule": crontab(minute="17")},
            "warn-of-expiring-keys": {
                "task": "workers.tasks.warn_of_expiring_keys",
                "schedule": crontab(minute="47", hour="6"),
            },
            "note-expired-keys": {
                "task": "workers.tasks.note_expired_keys",
                "schedule": crontab(minute="*/10"),
            },
            "audit-ledger": {"task": "workers.tasks.audit_ledger", "schedule": crontab(minute="37")},
        },
    }
