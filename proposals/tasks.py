"""An index for Celery: imports every package's tasks."""
