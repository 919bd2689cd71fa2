"""An agent says how it is called: dialect, model, what goes with the request, TLS, signing, silence."""

from typing import ClassVar

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """Every column has a default of the database: processes of the version before go on writing beside it."""

    dependencies: ClassVar = [("schedules", "0012_late_runs")]

    operations: ClassVar = [
        migrations.AlterModelOptions(
            name='agent',
            options={'ordering': ['key'], 'permissions': [('change_agent_origin', 'Can change the origin of agents')]},
        ),
        migrations.AddField(
            model_name='agent',
            name='background',
            field=models.BooleanField(db_default=False, default=False, help_text='Ask for background work, then poll'),
        ),
        migrations.AddField(
            model_name='agent',
            name='ca_pem',
            field=models.TextField(blank=True, db_default='', default='', help_text='Certificates its server is trusted by'),
        ),
        migrations.AddField(
            model_name='agent',
            name='client_certificate_pem',
            field=models.TextField(blank=True, db_default='', default='', help_text='What we show its server'),
        ),
        migrations.AddField(
            model_name='agent',
            name='dialect',
            field=models.CharField(blank=True, db_default='', default='', help_text="Empty: the runtime's default for the path", max_length=40),
        ),
        migrations.AddField(
            model_name='agent',
            name='extra_body',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, help_text='Merged under what we send'),
        ),
        migrations.AddField(
            model_name='agent',
            name='extra_headers',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, help_text='Sent beside ours; secret values are sealed'),
        ),
        migrations.AddField(
            model_name='agent',
            name='max_silent_attempts',
            field=models.PositiveSmallIntegerField(db_default=1, default=1, help_text='Attempts of a run that may end in silence: the agent may still be at work', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AddField(
            model_name='agent',
            name='model',
            field=models.CharField(blank=True, db_default='', default='', help_text='Sent as it is, {tag} in it filled in; empty: agent/<key>[@tag]', max_length=255),
        ),
        migrations.AddField(
            model_name='agent',
            name='provider',
            field=models.CharField(blank=True, db_default='', default='', help_text='Whose model it is, for traces', max_length=100),
        ),
        migrations.AddField(
            model_name='agent',
            name='sealed_client_key',
            field=models.TextField(blank=True, db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='agent',
            name='sealed_signing_secrets',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, editable=False, help_text='At most two, the newest first'),
        ),
        migrations.AddField(
            model_name='agent',
            name='stream',
            field=models.BooleanField(db_default=False, default=False, help_text='Ask for an event stream'),
        ),
        migrations.AlterField(
            model_name='agent',
            name='base_url',
            field=models.URLField(blank=True, help_text='Where its server is, e.g. https://host; none for echo', max_length=500),
        ),
        migrations.AlterField(
            model_name='agent',
            name='runtime',
            field=models.CharField(default='responses', max_length=40),
        ),
        migrations.AddConstraint(
            model_name='agent',
            constraint=models.CheckConstraint(condition=models.Q(('max_silent_attempts__gte', 1)), name='agent_max_silent_attempts_positive'),
        ),
        migrations.AlterField(
            model_name='agent',
            name='path',
            field=models.CharField(blank=True, default='/v3/router/responses', help_text='OpenAI-compatible: /v1/responses; empty: the base URL is the whole address', max_length=255),
        ),
    ]
