"""Whatever bends Celery or kombu: each file is named after the defect it mends, see docs/upgrading.md."""
