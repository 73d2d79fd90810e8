"""The Celery app: a doorbell that hurries the outbox, and a beat that asks what is due."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_process_init
from kombu.transport.redis import Channel

from lunarpartners.processes import follow_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lunarpartners.settings")

app = Celery("lunarpartners")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    worker_hijack_root_logger=False,  # settings have configured the logs
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # a worker outlasts any outage of the broker
    # A frozen broker must cost a web request half a second at most: the sweep finds what the doorbell missed.
    broker_transport_options={
        "socket_timeout": 0.5,
        "socket_connect_timeout": 0.5,
        "retry_on_timeout": False,
        "max_retries": 0,
        # A ring lost with its worker is made good by the sweep. Kept for later, it would be given back and acknowledged
        # over a connection that is gone when the broker goes, and the worker dies of that (row N2 of the proofs saw it).
        "ack_emulation": False,
    },
    task_publish_retry=False,
    broker_pool_limit=4,
    timezone="UTC",
    beat_schedule={
        "sweep": {"task": "outbox.sweep", "schedule": 5.0, "options": {"expires": 10}},
        "digest": {"task": "outbox.digest", "schedule": 60.0, "options": {"expires": 60}},
        "seal": {"task": "audit.seal", "schedule": 300.0, "options": {"expires": 300}},
        "remind": {"task": "intake.remind", "schedule": 60.0, "options": {"expires": 60}},
        "release": {"task": "decisions.release", "schedule": 60.0, "options": {"expires": 60}},
        "scan": {"task": "intake.scan", "schedule": 60.0, "options": {"expires": 60}},
        "pair": {"task": "review.pair", "schedule": 60.0, "options": {"expires": 60}},
        "remind-reviewers": {"task": "review.remind", "schedule": 60.0, "options": {"expires": 60}},
        "watch": {"task": "review.watch", "schedule": 60.0, "options": {"expires": 60}},
        "tidy": {"task": "intake.tidy", "schedule": crontab(minute=17), "options": {"expires": 3600}},
    },
)
Channel.do_restore = False  # the same, for rings taken and not begun; there is no setting for it
app.autodiscover_tasks(["proposals"])
worker_process_init.connect(follow_parent, weak=False)  # a pool process must not outlive a killed worker
