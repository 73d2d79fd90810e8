"""What the tests of the calls' pages share: post back what a browser would, and read the errors."""

from django.urls import reverse


def form_of(response):
    """What a browser would post back: every control of the page's forms, with its value."""
    context = response.context
    data = {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for field in form:
            value = field.value()
            if value is None or value is False or field.field.widget.needs_multipart_form:
                continue
            data[field.html_name] = "on" if value is True else value
    return data


def page_of(thing):
    return reverse(f"admin:proposals_{thing._meta.model_name}_change", args=[thing.pk])


def errors_of(response):
    context = response.context
    found = [str(error) for errors in context["adminform"].form.errors.values() for error in errors]
    for inline in context["inline_admin_formsets"]:
        found += [str(e) for form in inline.formset.forms for errors in form.errors.values() for e in errors]
        found += [str(e) for e in inline.formset.non_form_errors()]
    return found


def save(client, thing, **changes):
    url = page_of(thing)
    return client.post(url, form_of(client.get(url)) | changes)
