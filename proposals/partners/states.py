"""The kinds of organisations and the roles of people; each role says what it may do."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class OrganisationKind(TextChoices):
    """What an organisation is."""

    AGENCY = "agency", _("space agency or ministry")
    UNIVERSITY = "university", _("university")
    INSTITUTE = "institute", _("research institute")
    COMPANY = "company", _("company")
    INTERNATIONAL = "international", _("international organisation")
    SOCIETY = "society", _("learned society")


WITHOUT_COUNTRY = {OrganisationKind.INTERNATIONAL, OrganisationKind.SOCIETY}


class Role(TextChoices):
    """What a member may do for an organisation."""

    REPRESENTATIVE = "representative", _("representative")
    CONTRIBUTOR = "contributor", _("contributor")


class StaffRole(TextChoices):
    """What a member of staff may do in the admin; partners have none."""

    NONE = "", _("partner")
    SECRETARIAT = "secretariat", _("secretariat")
    REVIEWER = "reviewer", _("science reviewer")
    ASSESSOR = "assessor", _("technical assessor")
    CHAIR = "chair", _("panel chair")
    BOARD = "board", _("board")
    OBSERVER = "observer", _("observer")


ROLE_MEANS = {
    StaffRole.SECRETARIAT: _("Runs the call: reads every proposal, moves it, writes to partners, edits calls."),
    StaffRole.REVIEWER: _("Reads the proposals assigned to them, scores and discusses them; no others."),
    StaffRole.ASSESSOR: _("Reads the proposals assigned to them and says whether the lander can accommodate them; no others."),
    StaffRole.CHAIR: _("Leads the panel: reads proposals and reviews, orders them, freezes the record, overrides a conflict."),
    StaffRole.BOARD: _("Reads proposals, reviews and the panel's record, and releases decisions that another person drafted."),
    StaffRole.OBSERVER: _("Reads everything the secretariat reads and changes nothing."),
}

# Who reads every submitted proposal that no conflict bars; the others read what they are assigned.
READS_ALL = {StaffRole.SECRETARIAT, StaffRole.CHAIR, StaffRole.BOARD, StaffRole.OBSERVER}
EXPERTS = {StaffRole.REVIEWER, StaffRole.ASSESSOR}
