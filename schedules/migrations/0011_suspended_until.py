"""A next fire whose cadence cannot be computed is suspended: "hold" is kept for what people do."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("schedules", "0010_no_pattern_index_of_next_fires")]

    operations = [
        migrations.RenameField(model_name="nextfire", old_name="held_until", new_name="suspended_until"),
    ]
