"""Sample values for the page that shows every macro in every state; they are not translated."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    EmailField,
    FieldList,
    FileField,
    Form,
    FormField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from dxday.web import forms

ZONE = timezone(timedelta(hours=7))


@dataclass(frozen=True)
class Slot:
    """One session as macros/programme.html wants it."""

    title: str
    starts: datetime
    ends: datetime
    lanes: list[int]
    tone: str = "local"
    url: str | None = "#"
    place: str | None = None
    note: str | None = None
    state: tuple[str, str] | None = None


class GuestForm(Form):  # type: ignore[misc]  # WTForms has no types
    """A guest inside the sample form."""

    name = StringField("Full name", [InputRequired("Write the guest's full name.")])
    unit = StringField("Agency")


class SampleForm(forms.Form):
    """One field of every kind."""

    name = StringField("Full name", [InputRequired("Write your full name.")])
    email = EmailField(
        "E-mail",
        [InputRequired("Write an e-mail address, for example ten@example.org.")],
        description="The ticket and the reminders go there.",
    )
    site = RadioField(
        "Which site will you come to?",
        [InputRequired("Choose a site.")],
        choices=[
            SelectChoice("vinh", "Vinh"),
            SelectChoice("cua-lo", "Cửa Lò"),
            SelectChoice("online", "Online"),
        ],
        default="vinh",
    )
    day_part = RadioField(
        "Part of the day",
        choices=[SelectChoice("am", "Morning"), SelectChoice("pm", "Afternoon")],
        default="am",
    )
    needs = SelectMultipleField(
        "What would help you on the day?",
        choices=[
            SelectChoice("sign", "Sign language"),
            SelectChoice("step", "Step-free way"),
            SelectChoice("seat", "A seat near the front"),
        ],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    unit = SelectField(
        "Agency",
        choices=[
            SelectChoice("", "Choose"),
            SelectChoice("1", "Sở Thông tin và Truyền thông tỉnh Nghệ An"),
            SelectChoice("2", "Ủy ban nhân dân thị xã Cửa Lò"),
        ],
    )
    born = DateField("Date of birth")
    starts = TimeField("Starts", [InputRequired("Give the time it starts.")])
    ends = TimeField("Ends", [InputRequired("Give the time it ends.")])
    opens_at = DateTimeLocalField("Opens")
    seats = IntegerField("Seats", [InputRequired("Give the number of seats.")])
    prize = IntegerField("Prize")
    report = TextAreaField("Achievement report", [InputRequired("Write the report."), Length(max=4000)])
    file = FileField("Evidence")
    agree = BooleanField(
        "I agree that my name is shown on the list of those honoured",
        [InputRequired("Say whether you agree.")],
    )
    guests = FieldList(FormField(GuestForm), min_entries=1)


def fill(text: str, **facts: Any) -> str:
    """Fill the blanks of a sample sentence."""
    return text % facts if facts else text


def at(hour: int, minute: int = 0) -> datetime:
    """Return a time of the sample day."""
    return datetime.combine(datetime(2026, 10, 10, tzinfo=ZONE).date(), time(hour, minute), tzinfo=ZONE)


def samples() -> dict[str, Any]:
    """Return what the style page shows."""
    form = SampleForm(formdata=None)
    wrong = SampleForm(formdata=None, prefix="wrong")
    wrong.validate()
    wrong.refusals = ["Registration at Vinh closed at 17:00 on 30 September."]
    sites = ["Vinh", "Cửa Lò", "Thái Hòa", "Hoàng Mai", "Con Cuông", "Kỳ Sơn"]
    sessions = [
        Slot("Đón tiếp đại biểu, kiểm tra đường truyền", at(7, 30), at(8), [0], "pause"),
        Slot("Đón tiếp đại biểu, kiểm tra đường truyền", at(7, 30), at(8), [1], "pause"),
        Slot(
            "Lễ phát động Ngày Chuyển đổi số quốc gia 10/10",
            at(8),
            at(8, 30),
            [0, 1, 2, 3, 4, 5],
            "joined",
            place="Hội trường A",
            note="Nguyễn Văn Mẫu",
            state=("Running", "info"),
        ),
        Slot(
            "Khai thác dữ liệu số để tạo ra giá trị",
            at(8, 30),
            at(9, 15),
            [0, 1, 2, 3, 4, 5],
            "joined",
            note="Trần Thị Thí Dụ",
        ),
        Slot("Thanh toán không dùng tiền mặt ở chợ", at(9, 30), at(10, 30), [1], "local"),
        Slot(
            "Tổ công nghệ số cộng đồng: hỏi và đáp", at(9, 30), at(11), [4], "local", state=("Moved", "warn")
        ),
        Slot("Chữ ký số cho hộ kinh doanh", at(9, 30), at(10, 15), [0, 2, 3], "joined"),
        Slot("Nghỉ giữa giờ", at(9, 15), at(9, 30), [0, 1, 2, 3, 4, 5], "pause", url=None),
        Slot(
            "Lễ tôn vinh tập thể, cá nhân tiêu biểu",
            at(11),
            at(11, 45),
            [0, 1, 2, 3, 4, 5],
            "honours",
            place="Hội trường A",
        ),
    ]
    sessions.sort(key=lambda s: (s.starts, s.lanes))
    return {
        "sample": fill,
        "now": at(9, 42),
        "form_ok": form,
        "form_wrong": wrong,
        "sessions": sessions,
        "opens": at(7),
        "closes": at(12),
        "lanes": [{"name": s, "url": "#", "note": None} for s in sites],
        "in_hours": at(9, 42) + timedelta(hours=5),
        "in_days": at(9, 42) + timedelta(days=3),
        "in_weeks": at(9, 42) + timedelta(days=30),
        "rows": [
            {
                "code": "NA-001",
                "name": "Vinh",
                "unit": "Hội trường Ủy ban nhân dân thành phố Vinh",
                "free": 112,
                "seats": 300,
            },
            {
                "code": "NA-002",
                "name": "Cửa Lò",
                "unit": "Trung tâm Chính trị thị xã Cửa Lò",
                "free": 9,
                "seats": 120,
            },
            {
                "code": "NA-003",
                "name": "Kỳ Sơn",
                "unit": "Hội trường Ủy ban nhân dân huyện Kỳ Sơn",
                "free": 0,
                "seats": 80,
            },
        ],
    }
