"""The site's addresses, and beside them the three plain views that it is measured against."""

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from lunarpartners.urls import urlpatterns as of_the_site

# As owner, once: the site's own role may not make tables.
MAKE_TABLE = """
CREATE TABLE bench_row (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), words text);
GRANT SELECT, INSERT ON bench_row TO PUBLIC;
"""


def bare(_request: HttpRequest) -> HttpResponse:
    """Nothing but the middleware."""
    return HttpResponse("ok")


def fifty_rows(request: HttpRequest) -> HttpResponse:
    """Fifty rows of six cells through a template, from memory."""
    names = ("reference", "title", "state", "lead", "since", "mass")
    rows = [{name: f"{name} {number}" for name in names} for number in range(50)]
    return render(request, "bench/rows.html", {"rows": rows})


@csrf_exempt
def three_inserts(_request: HttpRequest) -> HttpResponse:
    """Three INSERTs in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for number in range(3):
            cursor.execute("INSERT INTO bench_row (words) VALUES (%s)", [f"row {number}"])
    return HttpResponse("ok")


urlpatterns = [
    path("bench/bare", bare),
    path("bench/rows", fifty_rows),
    path("bench/inserts", three_inserts),
    *of_the_site,
]
