"""The strict page client: it fails every page test on a page that a person could not use."""

from contextvars import Context
from typing import Any

import html5lib
from flask import Flask
from lxml import etree, html
from werkzeug.test import TestResponse

from dxday.accounts.models import Account
from dxday.db import db


class Page:
    """An answer, with its document when it is one."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.location = response.headers.get("Location")
        self.text = response.get_data(as_text=True) if response.mimetype.startswith("text/") else ""
        self.document = (
            html.fromstring(self.text) if response.mimetype == "text/html" and not self.location else None
        )

    def __repr__(self) -> str:
        return f"<Page {self.status} {self.location or self.title}>"

    @property
    def title(self) -> str:
        """The words of <title>."""
        return self._words("//title")

    @property
    def heading(self) -> str:
        """The words of <h1>."""
        return self._words("//h1")

    @property
    def words(self) -> str:
        """Everything that <main> says, with single blanks."""
        return self._words("//main")

    @property
    def errors(self) -> list[str]:
        """The sentences of the error summary."""
        return self.all("//*[@role='alert']//li")

    def all(self, xpath: str) -> list[str]:
        """The words of every element found."""
        assert self.document is not None, f"not a page: {self.status} {self.response.mimetype}"
        return [" ".join(node.text_content().split()) for node in self.document.xpath(xpath)]

    def links(self) -> list[str]:
        """Every address that the page links to."""
        return list(self.document.xpath("//a/@href"))

    def value(self, name: str) -> Any:
        """What stands in the field of this name."""
        return dict(self.form().fields).get(name)

    def form(self, action: str | None = None) -> Any:
        """The form to fill in: the one with this action, else the first POST form of <main>."""
        forms = self.document.xpath("//main//form[translate(@method,'POST','post')='post']")
        if action is not None:
            forms = [form for form in self.document.xpath("//form") if form.get("action") == action]
        assert forms, f"no such form on {self!r}"
        return forms[0]

    def _words(self, xpath: str) -> str:
        return (self.all(xpath) or [""])[0]


class PageClient:
    """A browser without a screen: opens, fills in, follows; every page is checked."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.http = app.test_client()

    def sign_in(self, account: Account) -> "PageClient":
        """Begin a session for the account, as Flask-Login would."""
        db.session.commit()
        with self.http.session_transaction() as session:
            session["_user_id"] = f"{account.id}:{account.session_stamp}"
            session["_fresh"] = True
        return self

    def open(self, path: str, **options: Any) -> Page:
        """GET a page and check it."""
        return self._ask("GET", path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Page:
        """POST as it stands: no token is added."""
        return self._ask("POST", path, data=data, **options)

    def fill(
        self, path: str, *, form: str | None = None, files: dict[str, Any] | None = None, **answers: Any
    ) -> Page:
        """Open a page, fill its form in and send it; what is not answered keeps its value; None clears."""
        return self.send(self.open(path), path, form=form, files=files, **answers)

    def send(
        self,
        page: Page,
        path: str,
        *,
        form: str | None = None,
        files: dict[str, Any] | None = None,
        **answers: Any,
    ) -> Page:
        """Fill in the form of an opened page and send it.  Raises AssertionError for a field that is not there."""
        found = page.form(form)
        values: dict[str, list[Any]] = {}
        for name, value in found.form_values():
            values.setdefault(name, []).append(value)
        for name, answer in answers.items():
            assert name in found.fields or found.xpath(f".//*[@name='{name}']"), (
                f"no field {name} on {page!r}"
            )
            values[name] = (
                [] if answer is None else list(answer) if isinstance(answer, list | tuple) else [answer]
            )
        data: dict[str, Any] = {name: answer for name, answer in values.items() if answer}
        for name, file in (files or {}).items():
            assert found.xpath(f".//input[@type='file'][@name='{name}']"), f"no file field {name} on {page!r}"
            data[name] = file
        return self._ask("POST", found.get("action") or path, data=data)

    def follow(self, page: Page) -> Page:
        """Go where a redirect points."""
        assert page.location, f"no redirect: {page!r} {page.errors if page.document is not None else ''}"
        return self.open(page.location)

    def _ask(self, method: str, path: str, **options: Any) -> Page:
        db.session.commit()
        # An empty context, as a server has: else the request would share the test's own g and session.
        response = Context().run(self.http.open, path, method=method, **options)
        db.session.expire_all()
        page = Page(response)
        response.close()
        if page.document is not None:
            check_page(page)
        return page


def check_page(page: Page) -> None:
    """Fail on what makes a page unusable, invalid or unsafe."""
    faults = [*_invalid_html(page.text), *_unusable(page.document), *_unsafe(page)]
    assert not faults, f"{page!r}: " + "; ".join(faults)


def _invalid_html(text: str) -> list[str]:
    parser = html5lib.HTMLParser(tree=html5lib.treebuilders.getTreeBuilder("etree"))
    parser.parse(text)
    lines = text.splitlines()
    return [
        f"invalid HTML ({code}) at line {line}: {lines[line - 1].strip()[:80]}"
        for (line, _), code, _ in parser.errors
    ]


def _unusable(document: Any) -> list[str]:
    faults = []
    if not document.get("lang"):
        faults.append("no language")
    if not "".join(document.xpath("//title/text()")).strip():
        faults.append("no title")
    if len(document.xpath("//h1")) != 1:
        faults.append(f"{len(document.xpath('//h1'))} main headings")
    if len(document.xpath("//main")) != 1:
        faults.append("not one <main>")
    ids = document.xpath("//@id")
    faults += [
        f"id {name} stands {ids.count(name)} times" for name in sorted(set(ids)) if ids.count(name) > 1
    ]
    for field in document.xpath("//input[not(@type='hidden' or @type='submit')]|//select|//textarea"):
        labelled = (
            field.get("aria-label")
            or field.get("aria-labelledby")
            or field.xpath("ancestor::label")
            or (field.get("id") and document.xpath("//label[@for=$id]", id=field.get("id")))
        )
        if not labelled:
            faults.append(f"field {field.get('name')} has no label")
    for reference in document.xpath("//@aria-describedby|//@aria-labelledby|//@for"):
        faults += [f"no element {name} to refer to" for name in reference.split() if name not in ids]
    for link in document.xpath("//a[starts-with(@href,'#')]/@href"):
        if link[1:] and link[1:] not in ids:
            faults.append(f"link to {link}, which is not there")
    for node in document.xpath("//a[@href]|//button"):
        if not (
            node.text_content().strip()
            or node.get("aria-label")
            or node.xpath(".//*[@aria-label]|.//img[@alt!='']")
        ):
            faults.append(f"a link or button without words: {etree.tostring(node)[:80]!r}")
    faults += [f"image without alt: {src}" for src in document.xpath("//img[not(@alt)]/@src")]
    return faults


def _unsafe(page: Page) -> list[str]:
    faults = []
    document = page.document
    if document.xpath("//script[not(@src)][not(@type='application/ld+json')]"):
        faults.append("inline script")
    if document.xpath("//style|//@style"):
        faults.append("inline style")
    if document.xpath("//@*[starts-with(name(),'on')]"):
        faults.append("inline event handler")
    outside = [
        url
        for url in document.xpath("//script/@src|//link[@rel='stylesheet']/@href|//img/@src")
        if "//" in url[:8]
    ]
    faults += [f"third-party resource {url}" for url in outside]
    for form in document.xpath("//form[translate(@method,'POST','post')='post']"):
        if not form.xpath(".//input[contains(@name,'csrf_token')]"):
            faults.append(f"form without token: {form.get('action')}")
    if "default-src 'self'" not in page.response.headers.get("Content-Security-Policy", ""):
        faults.append("no content security policy")
    return faults
