"""What every `gunicorn orqsite.wsgi` of this folder runs with; the command line may say otherwise."""

worker_class = "orqsite.web.worker.WholeRequests"
logger_class = "orqsite.web.gunicorn_logger.Lines"
