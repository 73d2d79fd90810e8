"""What notifications need: wishes, bounces, paces, wordings, circulars, role mailboxes, calendar addresses."""

import django.db.models.deletion
import django.db.models.functions.text
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """New tables, two nullable columns; the indexes on the live table of messages follow by themselves."""

    dependencies = [
        ('proposals', '0006_proposal_instants'),
    ]

    operations = [
        migrations.CreateModel(
            name='Bounce',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.CharField(max_length=200, unique=True, verbose_name='event')),
                ('report', models.CharField(choices=[('bounced', 'came back'), ('delayed', 'delayed'), ('complained', 'marked as unwanted')], max_length=12, verbose_name='report')),
                ('source', models.CharField(choices=[('webhook', "the mail provider's report"), ('returned', 'a mail returned to us')], max_length=12, verbose_name='source')),
                ('address', models.EmailField(max_length=254, verbose_name='address')),
                ('reply', models.TextField(blank=True, verbose_name='reply')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
            ],
            options={
                'verbose_name': 'bounce',
                'verbose_name_plural': 'bounces',
            },
        ),
        migrations.CreateModel(
            name='CalendarKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_digest', models.CharField(max_length=64, unique=True)),
                ('made_at', models.DateTimeField(verbose_name='made at')),
            ],
            options={
                'verbose_name': 'calendar address',
                'verbose_name_plural': 'calendar addresses',
            },
        ),
        migrations.CreateModel(
            name='Circular',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request_key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('filters', models.CharField(blank=True, max_length=1000, verbose_name='filters')),
                ('drafted_at', models.DateTimeField(verbose_name='drafted at')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='approved at')),
                ('stopped_at', models.DateTimeField(blank=True, null=True, verbose_name='stopped at')),
            ],
            options={
                'verbose_name': 'circular',
                'verbose_name_plural': 'circulars',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CircularMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=12, verbose_name='language')),
                ('subject', models.CharField(max_length=300, verbose_name='subject')),
                ('body', models.TextField(verbose_name='text')),
            ],
            options={
                'verbose_name': 'mail of a circular',
                'verbose_name_plural': 'mails of circulars',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Mailbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, verbose_name='e-mail address')),
                ('language', models.CharField(default='en', max_length=12, verbose_name='language')),
                ('token_digest', models.CharField(max_length=64, unique=True)),
                ('added_at', models.DateTimeField(verbose_name='added at')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed at')),
            ],
            options={
                'verbose_name': 'role mailbox',
                'verbose_name_plural': 'role mailboxes',
                'ordering': ['address'],
            },
        ),
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('domain', models.CharField(max_length=255, primary_key=True, serialize=False)),
                ('free_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'pace',
                'verbose_name_plural': 'paces',
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('receipt', 'receipts'), ('status', 'status changes'), ('team', 'invitations and team'), ('deadline', 'deadlines'), ('reminder', 'reminders'), ('call', 'new calls'), ('letter', 'letters of the secretariat'), ('digest', 'daily digest'), ('notice', 'notices to staff'), ('security', 'sign-in and security')], max_length=12, verbose_name='kind')),
                ('way', models.CharField(choices=[('at_once', 'at once, by e-mail'), ('digest', 'in one e-mail a day'), ('site', 'on the site only')], default='at_once', max_length=8, verbose_name='way')),
                ('changed_at', models.DateTimeField(verbose_name='changed at')),
            ],
            options={
                'verbose_name': 'preference',
                'verbose_name_plural': 'preferences',
            },
        ),
        migrations.CreateModel(
            name='Wording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True, verbose_name='name')),
                ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='retired at')),
            ],
            options={
                'verbose_name': 'wording',
                'verbose_name_plural': 'wordings',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='WordingVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('texts', models.JSONField(verbose_name='texts')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
            ],
            options={
                'verbose_name': 'version of a wording',
                'verbose_name_plural': 'versions of wordings',
                'ordering': ['-number'],
            },
        ),
        migrations.AddField(
            model_name='message',
            name='calendar',
            field=models.TextField(blank=True, db_default='', verbose_name='calendar'),
        ),
        migrations.AddField(
            model_name='message',
            name='carried_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='carries', to='proposals.message', verbose_name='digest'),
        ),
        migrations.AlterField(
            model_name='message',
            name='delivery',
            field=models.CharField(choices=[('queued', 'queued'), ('sending', 'being sent'), ('sent', 'sent'), ('uncertain', 'uncertain'), ('refused', 'refused'), ('dead', 'given up'), ('bounced', 'bounced'), ('digest', 'in the daily digest'), ('site', 'on the site only')], default='queued', max_length=10, verbose_name='delivery'),
        ),
        migrations.AlterField(
            model_name='message',
            name='kind',
            field=models.CharField(choices=[('receipt', 'receipts'), ('status', 'status changes'), ('team', 'invitations and team'), ('deadline', 'deadlines'), ('reminder', 'reminders'), ('call', 'new calls'), ('letter', 'letters of the secretariat'), ('digest', 'daily digest'), ('notice', 'notices to staff'), ('security', 'sign-in and security')], max_length=12, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='message',
            name='priority',
            field=models.SmallIntegerField(choices=[(10, 'security'), (20, 'status'), (50, 'routine'), (70, 'reminder')], default=50, verbose_name='priority'),
        ),
        migrations.AddField(
            model_name='bounce',
            name='closed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='bounce',
            name='message',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='bounces', to='proposals.message'),
        ),
        migrations.AddField(
            model_name='calendarkey',
            name='user',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='calendar_key', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='circular',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by'),
        ),
        migrations.AddField(
            model_name='circular',
            name='drafted_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='drafted by'),
        ),
        migrations.AddField(
            model_name='circular',
            name='stopped_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='stopped by'),
        ),
        migrations.AddField(
            model_name='circularmail',
            name='circular',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mails', to='proposals.circular'),
        ),
        migrations.AddField(
            model_name='circularmail',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='circularmail',
            name='proposal',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='proposals.proposal'),
        ),
        migrations.AddField(
            model_name='mailbox',
            name='added_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mailbox',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mailboxes', to='proposals.organisation'),
        ),
        migrations.AddField(
            model_name='preference',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mail_preferences', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='wordingversion',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='wordingversion',
            name='wording',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='proposals.wording'),
        ),
        migrations.AddField(
            model_name='circular',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='circulars', to='proposals.wordingversion', verbose_name='wording'),
        ),
        migrations.AddIndex(
            model_name='bounce',
            index=models.Index(condition=models.Q(('closed_at', None)), fields=['address'], name='bounce_open'),
        ),
        migrations.AddConstraint(
            model_name='bounce',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None)), ('closed_at__isnull', False), _connector='OR'), name='bounce_closed_when'),
        ),
        migrations.AddConstraint(
            model_name='circularmail',
            constraint=models.UniqueConstraint(fields=('circular', 'proposal', 'person'), name='circular_mail_once'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.UniqueConstraint(fields=('organisation', 'address'), name='mailbox_once'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('address', django.db.models.functions.text.Lower('address'))), name='mailbox_lower_case'),
        ),
        migrations.AddConstraint(
            model_name='preference',
            constraint=models.UniqueConstraint(fields=('user', 'kind'), name='preference_once'),
        ),
        migrations.AddConstraint(
            model_name='preference',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['call', 'reminder', 'team'])), name='preference_of_what_can_be_chosen', violation_error_message='Receipts, status changes, deadlines and letters always come at once.'),
        ),
        migrations.AddConstraint(
            model_name='wordingversion',
            constraint=models.UniqueConstraint(fields=('wording', 'number'), name='wording_version_once'),
        ),
        migrations.AddConstraint(
            model_name='wordingversion',
            constraint=models.CheckConstraint(condition=models.Q(('texts__has_key', 'en')), name='wording_has_english'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='wordingversion',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'proposals_wordingversion is append-only';", hash='4e870ec23e6e29f94feb615b62d3ea7561f1d153', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_07ab0', table='proposals_wordingversion', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='wordingversion',
            trigger=pgtrigger.compiler.Trigger(name='no_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'proposals_wordingversion is append-only';", hash='8958153c4bd8fd3801f0d802b0f2d7db23492431', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_no_truncate_1bb6b', table='proposals_wordingversion', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='circular',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('drafted_by')), _negated=True), _connector='OR'), name='circular_two_people', violation_error_message='A second person approves a circular.'),
        ),
        migrations.AddConstraint(
            model_name='circular',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_by', None)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='circular_approved_when_and_who'),
        ),
        migrations.AddConstraint(
            model_name='circular',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('stopped_at', None), ('stopped_by', None)), models.Q(('stopped_at__isnull', False), ('stopped_by__isnull', False)), _connector='OR'), name='circular_stopped_when_and_who'),
        ),
        migrations.AddConstraint(
            model_name='circular',
            constraint=models.CheckConstraint(condition=models.Q(('approved_at', None), ('stopped_at', None), _connector='OR'), name='circular_sent_or_stopped'),
        ),
    ]
