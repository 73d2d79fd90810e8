"""Account forms."""

from django import forms


class SignupForm(forms.Form):
    """Sign-up."""

    def signup(self, request: object, user: object) -> None:
        """Nothing yet."""
