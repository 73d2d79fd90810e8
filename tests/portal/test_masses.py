"""The mass page: rows come and go without a script, totals to the gram, caps said and never in the way of saving."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from proposals.calls.states import Level
from proposals.intake import actions
from proposals.intake.models import MassElement, Module, Proposal, Section
from proposals.intake.states import Status
from tests.factories import make_module, make_proposal, make_staff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def proposal(user):
    return make_proposal(by=user, level=Level.SYSTEM)


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def url(proposal, name="section"):
    return reverse(f"portal:{name}", args=[proposal.pk, "mass"])


def form(*modules, revision=0, **more):
    """What a page sends: modules as (id, name, [(name, kind, cbe, class, margin, reason), ...])."""
    sent = {"revision": str(revision), "modules": str(len(modules)), **more}
    for index, (key, name, rows) in enumerate(modules):
        sent |= {f"module-{index}-id": str(key), f"module-{index}-name": name, f"module-{index}-rows": str(len(rows))}
        for place, row in enumerate(rows):
            names = ("name", "kind", "cbe_kg", "maturity", "margin_percent", "margin_reason", "DELETE")
            sent |= {
                f"module-{index}-{place}-{name}": value for name, value in zip(names, row, strict=False) if value is not None
            }
    return sent


CAMERA = ("Camera", "payload", "12.5", "C", "", "")
EMPTY = ("", "payload", "", "", "", "")


def kept(proposal):
    elements = MassElement.objects.filter(module__proposal=proposal).order_by("module__position", "position")
    return [(one.module.name, one.name, one.kind, one.cbe_kg, one.maturity, one.margin_percent) for one in elements]


def test_the_first_page_offers_a_row_of_each_kind(signed_in, proposal):
    page = signed_in.get(url(proposal))
    module = page.context["form"].modules[0]
    assert [row["kind"].value() for row in module.elements] == ["payload", "adapter", "release", "harness"]
    content = page.content.decode()
    assert "The call allows" in content
    assert 'data-percent="10"' in content
    assert "0.000 kg is within the limit of 100.000 kg." in content


def test_modules_and_elements_are_saved_with_the_margin_of_their_class(signed_in, proposal):
    sent = form(("", "Arm", [CAMERA, ("", "adapter", "1,5", "A", "", ""), EMPTY]), ("", "", [EMPTY]))
    page = signed_in.post(url(proposal), sent, follow=True)
    assert page.redirect_chain[-1][0].startswith(reverse("portal:task_list", args=[proposal.pk]))
    assert kept(proposal) == [
        ("Arm", "Camera", "payload", Decimal("12.5"), "C", Decimal(10)),
        ("Arm", "Adapter", "adapter", Decimal("1.5"), "A", Decimal(5)),
    ]
    proposal.refresh_from_db()
    assert (proposal.mass_cbe_kg, proposal.mass_kg) == (Decimal("14.000"), Decimal("15.325"))
    assert "“Best estimate (CBE)”: we read “1,5” as 1.5 kg." in [str(told) for told in page.context["messages"]]


def test_another_margin_needs_its_reason(signed_in, proposal):
    row = ("Camera", "payload", "12.5", "C", "3")
    page = signed_in.post(url(proposal), form(("", "Arm", [(*row, "")])))
    assert page.status_code == 422
    assert 'href="#id_module-0-0-margin_reason">Reason for another margin: Say why the margin differs' in page.content.decode()
    signed_in.post(url(proposal), form(("", "Arm", [(*row, "Measured on the flight model")])))
    assert MassElement.objects.get().margin_percent == Decimal(3)


def test_a_shown_class_margin_follows_another_class(signed_in, proposal):
    signed_in.post(url(proposal), form(("", "Arm", [CAMERA])))
    element = signed_in.get(url(proposal)).context["form"].modules[0].elements[0]
    assert (element["margin_percent"].value(), element["cbe_kg"].value()) == (None, "12.5")


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        (
            ("Camera", "payload", "12 kg", "C", "", ""),
            "cbe_kg",
            "“12 kg” is not a number. Type the figure alone, without its unit.",
        ),
        (("Camera", "payload", "", "C", "", ""), "cbe_kg", "Type the mass in kg, or empty the whole row."),
        (("Camera", "payload", "-1", "C", "", ""), "cbe_kg", "-1 kg is too low: the lowest figure is 0 kg."),
        (
            ("Camera", "payload", "1.0005", "C", "", ""),
            "cbe_kg",
            "1.0005 kg is too exact: give at most 3 digits after the point.",
        ),
        (
            ("Camera", "payload", "9" * 12, "C", "", ""),
            "cbe_kg",
            "999999999999 kg is too high: the highest figure is 999999.999 kg.",
        ),
        (("Camera", "payload", "1", "", "", ""), "maturity", "Choose a maturity class, or type a margin with its reason."),
        (("Camera", "payload", "1", "C", "900", "x"), "margin_percent", "900 % is too high: the highest figure is 100 %."),
        (("Camera", "rocket", "1", "C", "", ""), "kind", "Select a valid choice. rocket is not one of the available choices."),
    ],
)
def test_a_row_that_cannot_be_saved_says_why_and_stays(signed_in, proposal, row, field, says):
    page = signed_in.post(url(proposal), form(("", "Arm", [row])))
    assert page.status_code == 422
    assert page.context["form"].modules[0].elements[0].errors == {field: [says]}
    assert kept(proposal) == []


def test_adding_a_row_or_a_module_keeps_everything_typed_and_saves_nothing(signed_in, proposal):
    half = ("Camera", "payload", "12 kg", "", "", "")
    rows = signed_in.post(url(proposal), form(("", "Arm", [half]), add="row-0"))
    assert [len(module.elements) for module in rows.context["form"].modules] == [2]
    assert 'value="12 kg"' in rows.content.decode()
    assert "lp-error" not in rows.content.decode()
    modules = signed_in.post(url(proposal), form(("", "Arm", [half]), add="module"))
    assert [len(module.elements) for module in modules.context["form"].modules] == [1, 4]
    assert (Module.objects.count(), Section.objects.count()) == (0, 0)


def test_a_row_marked_for_removal_goes(signed_in, proposal):
    module = make_module(proposal, "1", "2")
    rows = [("One", "payload", "1", "C", "", "", "on"), ("Two", "payload", "2", "C", "", "")]
    signed_in.post(url(proposal), form((module.pk, "Arm", rows)))
    assert [row[1] for row in kept(proposal)] == ["Two"]


def test_a_module_is_removed_on_a_page_of_its_own_after_saving(signed_in, proposal):
    module = make_module(proposal, "1")
    row = ("One", "payload", "3", "C", "", "")
    answer = signed_in.post(url(proposal), form((module.pk, "Arm", [row]), remove=str(module.pk)))
    confirm = reverse("portal:remove_module", args=[proposal.pk, module.pk])
    assert answer.url == confirm
    assert MassElement.objects.get().cbe_kg == Decimal(3)
    assert "This cannot be undone." in signed_in.get(confirm).content.decode()
    assert Module.objects.count() == 1
    assert signed_in.post(confirm).url == url(proposal)
    assert Module.objects.count() == 0


def test_a_module_is_removed_neither_from_a_submitted_proposal_nor_by_staff(signed_in, client, user):
    submitted = make_module(make_proposal(by=user, status=Status.SUBMITTED), "1")
    address = reverse("portal:remove_module", args=[submitted.proposal_id, submitted.pk])
    assert [signed_in.get(address).status_code, signed_in.post(address).status_code] == [404, 404]
    draft = make_module(make_proposal(by=user), "1")
    address = reverse("portal:remove_module", args=[draft.proposal_id, draft.pk])
    client.force_login(make_staff())
    assert [client.get(address).status_code, client.post(address).status_code] == [404, 404]
    assert Module.objects.count() == 2


@pytest.mark.parametrize("remove", ["x", "-1", "99999999999", "\x00"])
def test_a_damaged_removal_only_saves(signed_in, proposal, remove):
    assert signed_in.post(url(proposal), form(("", "Arm", [CAMERA]), remove=remove)).status_code == 302
    assert len(kept(proposal)) == 1


def test_another_proposals_module_can_be_neither_filled_nor_removed(signed_in, proposal):
    theirs = make_module(make_proposal(), "7")
    page = signed_in.post(url(proposal), form((theirs.pk, "Taken", [CAMERA])))
    assert page.status_code == 422
    assert "A module was removed meanwhile." in page.content.decode()
    assert (MassElement.objects.get().cbe_kg, Module.objects.get().name) == (Decimal(7), "Module")
    for owner in (proposal, theirs.proposal):
        address = reverse("portal:remove_module", args=[owner.pk, theirs.pk])
        assert [signed_in.get(address).status_code, signed_in.post(address).status_code] == [404, 404]
    assert Module.objects.count() == 1


def test_at_the_cap_it_passes_and_a_gram_above_it_is_saved_and_said(signed_in, proposal):
    at = ("Arm", "payload", "100", "", "0", "Weighed")
    page = signed_in.post(url(proposal), form(("", "Arm", [at])), follow=True)
    assert [str(told) for told in page.context["messages"]] == ["“Modules and mass” is saved."]
    module = Module.objects.get()
    above = ("Arm", "payload", "100.001", "", "0", "Weighed")
    page = signed_in.post(url(proposal), form((module.pk, "Arm", [above]), revision=1), follow=True)
    assert [str(told) for told in page.context["messages"]][1:] == [
        "Arm is 100.001 kg; the call allows 100.000 kg a module. Lower a mass, or choose a smaller margin with a reason."
    ]
    content = signed_in.get(url(proposal)).content.decode()
    assert "100.001 kg is above the limit of 100.000 kg." in content
    assert "a proposal above a limit cannot be submitted" in content


def test_a_call_without_published_limits_checks_nothing(signed_in, proposal):
    type(proposal.call).objects.update(module_mass_kg=None, total_mass_kg=None)
    content = signed_in.post(url(proposal), form(("", "Arm", [("Arm", "payload", "900", "A", "", "")])), follow=True)
    assert [str(told) for told in content.context["messages"]] == ["“Modules and mass” is saved."]
    assert "The call has not published its mass limits yet" in signed_in.get(url(proposal)).content.decode()


def test_a_module_changed_meanwhile_is_shown_beside_what_was_typed(signed_in, user, proposal):
    module = make_module(proposal, "1")
    line = {
        "name": "Theirs",
        "kind": "payload",
        "cbe_kg": Decimal(9),
        "maturity": "C",
        "margin_percent": Decimal(10),
        "margin_reason": "",
    }
    actions.save_masses(proposal, budgets=[(module, "Arm", [line])], revision=0, by=user, now=timezone.now())
    page = signed_in.post(url(proposal), form((module.pk, "Arm", [CAMERA])))
    assert page.status_code == 409
    assert page.context["unlike"] == [
        ("Arm", "Arm\nTheirs (payload): 9 kg, class C, margin 10 %.", "Arm\nCamera (payload): 12.5 kg, class C, margin 10 %.")
    ]
    second = signed_in.post(url(proposal), form((module.pk, "Arm", [CAMERA]), revision=page.context["revision"]))
    assert second.status_code == 302
    assert [row[1] for row in kept(proposal)] == ["Camera"]


def test_the_same_page_sent_twice_makes_its_module_once(signed_in, proposal):
    answers = [signed_in.post(url(proposal), form(("", "Arm", [CAMERA]))) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert [row[:2] for row in kept(proposal)] == [("Arm", "Camera")]


def test_more_typed_after_a_save_whose_answer_was_lost_does_not_make_the_module_twice(signed_in, proposal):
    signed_in.post(url(proposal), form(("", "Arm", [CAMERA])))
    page = signed_in.post(url(proposal), form(("", "Arm", [CAMERA, ("Mast", "payload", "2", "A", "", "")])))
    assert page.status_code == 409
    module = Module.objects.get()
    assert f'name="module-0-id" value="{module.pk}"' in page.content.decode()


@pytest.mark.parametrize("modules", ["", "x", "-1", "999", "\x00", "9" * 500, "٣"])
@pytest.mark.parametrize("rows", ["", "x", "999", "9" * 500])
def test_damaged_counts_break_nothing(signed_in, proposal, modules, rows):
    sent = {"revision": "x", "modules": modules, "module-0-id": "\x00", "module-0-rows": rows, "add": "row-0"}
    assert signed_in.post(url(proposal), sent).status_code == 200
    assert signed_in.post(url(proposal), {key: value for key, value in sent.items() if key != "module-0-rows"}).status_code == 200
    del sent["add"]
    assert signed_in.post(url(proposal), sent).status_code in {302, 422}


def test_autosave_keeps_the_sound_modules_and_names_the_new_ones(signed_in, proposal):
    one = make_module(proposal, "1")
    bad = ("Camera", "payload", "12 kg", "C", "", "")
    sent = form((one.pk, "Changed", [bad]), ("", "Arm", [CAMERA]))
    answer = signed_in.post(url(proposal, "autosave"), sent, headers={"X-Autosave": "1"})
    assert answer.status_code == 422
    told = answer.json()
    new = Module.objects.get(name="Arm")
    assert told["fields"] == {"module-1-id": str(new.pk)}
    assert list(told["errors"]) == ["module-0-0-cbe_kg"]
    one.refresh_from_db()
    assert (one.name, one.elements.get().cbe_kg) == ("Module", Decimal(1))
    again = form((one.pk, "Module", [("E", "payload", "1", "C", "", "")]), (new.pk, "Arm", [CAMERA]), revision=told["revision"])
    assert signed_in.post(url(proposal, "autosave"), again, headers={"X-Autosave": "1"}).status_code == 200
    assert Proposal.objects.get(pk=proposal.pk).modules.count() == 2


def test_the_pages_of_mission_level_have_no_masses(signed_in, user):
    proposal = make_proposal(by=user, level=Level.MISSION, forms=["surface"])
    assert signed_in.get(url(proposal)).status_code == 404


def test_saving_masses_costs_the_same_for_many_rows(signed_in, proposal, user, django_assert_num_queries):
    def send(rows):
        other = make_proposal(by=user, level=Level.SYSTEM)
        first = other.modules.create(position=1, name="Rover")
        sent = form((first.pk, "Rover One", [CAMERA] * rows), ("", "Arm", [CAMERA] * rows))
        with django_assert_num_queries(20):
            assert signed_in.post(url(other), sent).status_code == 302
        assert len(kept(other)) == 2 * rows

    signed_in.post(url(proposal), form(("", "Rover", [CAMERA])))
    send(1)
    send(5)
