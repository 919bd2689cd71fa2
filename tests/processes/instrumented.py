"""The service's Celery application under OpenTelemetry's instrumentation: `celery -A tests.processes.instrumented`.

Somebody's own start script may do the same. Its spans go where the service's go.
With ORQ_TEST_KEEPS_TRACE the message template keeps what the instrumentation adds to the message it is made of.
"""

import os
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from orqsite.celery import app as app
from schedules.messages import message_template

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
instrumentor: Any = CeleryInstrumentor()  # type: ignore[no-untyped-call]  # it has no annotations
instrumentor.instrument(tracer_provider=provider)

if os.environ.get("ORQ_TEST_KEEPS_TRACE"):
    module: Any = message_template
    module._OF_ONE_TRACE = ()
