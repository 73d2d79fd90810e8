"""Filing a letter of intent in the browser, page by page."""

from tests import letters
from tests.journeys.visitor import Visitor


def begin(visitor: Visitor, level: str, *forms: str, lead: str | None = None) -> None:
    """Begin a draft in the demonstration round; ends on its list of pages. Without a lead: "" (what is offered)."""
    visitor.open(f"{letters.CALL}start/")
    visitor.page.get_by_label(level).check()
    for form in forms:
        visitor.page.get_by_label(form).check()
    if lead != "":
        visitor.page.get_by_label("Lead organisation (optional)").select_option(label=lead or letters.ORGANISATION)
    visitor.press("Begin the draft")
    visitor.reads("pages are complete.")


def add_contact(visitor: Visitor, *, role: str = "administrative contact") -> None:
    """List a second person, from the list of pages and back to it."""
    visitor.follow(letters.TEAM)
    visitor.fill({"Full name": "Nerys Adwood", "Role": role, "E-mail address (optional)": "contact@talweg.example.org"})
    visitor.press("Add the person")
    visitor.reads("Nerys Adwood")
    visitor.follow("Done: back to the list")


def fill_masses(visitor: Visitor) -> None:
    """The modules' page: one module, an element a part."""
    visitor.fill({"Name of the module": "Radar"})
    for number, element in enumerate(letters.ELEMENTS, 1):
        visitor.fill(element, within=visitor.page.get_by_role("group", name=f"Element {number}", exact=True))


def fill_in(visitor: Visitor, letter: dict[str, dict[str, str]]) -> None:
    """Every page of a letter, from the list of pages and back to it."""
    for title, answers in letter.items():
        visitor.follow(title)
        visitor.heading(title)
        if title == letters.MASSES:
            fill_masses(visitor)
        visitor.fill(answers)
        visitor.press("Save and return to the list")
        visitor.reads("pages are complete.")


def submit(visitor: Visitor) -> tuple[str, str]:
    """Check the answers and submit; ends on the receipt, and gives its reference and SHA-256."""
    visitor.follow("Check your answers")
    visitor.heading("Check your answers")
    visitor.page.get_by_label("We are entitled to submit this").check()
    visitor.press("Submit letter of intent")
    visitor.page.wait_for_url("**/receipt/*/")
    return visitor.value("Reference"), visitor.value("SHA-256")
