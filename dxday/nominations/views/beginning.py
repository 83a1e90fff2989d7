"""Questions before a dossier is begun, one per page."""

from typing import Any

from flask import Blueprint, g, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from dxday.core.errors import NotFound
from dxday.core.permissions import Permission
from dxday.nominations import queries
from dxday.nominations.forms import QuestionForm
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category, EligibilityQuestion
from dxday.web.access import requires

bp = Blueprint("beginning", __name__, url_prefix="/agency/<edition_code>/nominations/begin")


@bp.get("/")
@requires(Permission.NOMINATION_WRITE)
def index() -> ResponseReturnValue:
    return render_template(
        "nominations/begin.html",
        schemes=schemes.list_schemes(g.edition.id),
        questioned=queries.list_questioned(g.edition.id),
    )


@bp.route("/<int:category_id>/<int:number>", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def question(category_id: int, number: int) -> ResponseReturnValue:
    category = schemes.get_category(g.edition.id, category_id)
    questions = schemes.list_questions(category)
    asked = _get(questions, number)
    given = session.get(drawer(category), {})
    kept = {True: "yes", False: "no"}.get(given.get(asked.code))
    form = QuestionForm(data={"answer": kept})
    if form.validate_on_submit():
        answer = form.answer.data == "yes"
        session[drawer(category)] = {**given, asked.code: answer}
        if answer is not asked.wanted:
            return redirect(url_for(".not_eligible", category_id=category.id, number=number))
        if number < len(questions):
            return redirect(url_for(".question", category_id=category.id, number=number + 1))
        return redirect(url_for("nominations.new", category=category.id))
    back = (
        url_for(".question", category_id=category.id, number=number - 1) if number > 1 else url_for(".index")
    )
    return render_template(
        "nominations/question.html",
        form=form,
        asked=asked,
        number=number,
        total=len(questions),
        category=category,
        back=back,
    )


@bp.get("/<int:category_id>/<int:number>/not-eligible")
@requires(Permission.NOMINATION_WRITE)
def not_eligible(category_id: int, number: int) -> ResponseReturnValue:
    category = schemes.get_category(g.edition.id, category_id)
    asked = _get(schemes.list_questions(category), number)
    return render_template("nominations/not_eligible.html", asked=asked, number=number, category=category)


def drawer(category: Category) -> str:
    """Where the answers lie until the dossier is begun: in the officer's own browser, signed."""
    return f"eligibility:{category.id}"


def answers_of(category: Category) -> dict[str, bool]:
    """Return what was answered so far for the category."""
    kept: dict[str, Any] = session.get(drawer(category), {})
    return {code: bool(answer) for code, answer in kept.items()}


def _get(questions: list[EligibilityQuestion], number: int) -> EligibilityQuestion:
    if not 1 <= number <= len(questions):
        raise NotFound
    return questions[number - 1]
