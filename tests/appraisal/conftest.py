"""A standing body that appraises the dossiers of an edition."""

from dataclasses import dataclass

import pytest

from dxday.accounts import queries as accounts
from dxday.accounts.models import Account
from dxday.appraisal import queries, services
from dxday.appraisal.queries import Appraised
from dxday.appraisal.rules import HoldKind, HoldOn
from dxday.core.actor import Actor
from dxday.core.permissions import Role
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.schemes.models import Category
from tests import make

TEXT = (
    "Trong năm 2025, Tổ công nghệ số cộng đồng xã Diễn Châu đã hướng dẫn 1.250 hộ dân cài đặt VNeID mức 2, hỗ trợ nộp"
    " 3.400 hồ sơ dịch vụ công trực tuyến và mở 12 lớp tập huấn kỹ năng số cho người cao tuổi. Tỷ lệ hồ sơ trực tuyến"
    " toàn trình của xã tăng từ 45 % lên 92 %, đứng đầu toàn huyện. Tổ đã vận động 380 hộ kinh doanh nhận thanh toán"
    " không dùng tiền mặt, dựng 6 điểm phát Internet miễn phí tại nhà văn hóa xóm, và lập nhóm trực giúp người khuyết"
    " tật làm thủ tục tại nhà vào mỗi chiều thứ Bảy."
)
ANOTHER_TEXT = (
    "Phòng Tin học của bệnh viện đa khoa đã đưa bệnh án điện tử vào 24 khoa, bỏ hoàn toàn phim in, nối liên thông kết"
    " quả xét nghiệm với 11 trạm y tế, nhờ đó thời gian chờ khám giảm 38 phút. Nhóm kỹ sư tự viết phần mềm xếp lịch mổ,"
    " tập huấn 640 nhân viên y tế, diễn tập ứng cứu sự cố an toàn thông tin hai lần và không để lộ"
    " hồ sơ người bệnh nào."
)


@dataclass
class Body:
    """The standing body of an edition."""

    edition: Edition
    category: Category
    account: Account

    @property
    def secretary(self) -> Actor:
        return accounts.actor_of(accounts.find_account(self.account.id))

    @property
    def path(self) -> str:
        return f"/council/{self.edition.code}/appraisal/"

    def dossier(self, category: Category | None = None, *, file: bool = True, **given) -> Nomination:
        """A dossier that was handed in and compared, with a file of its own."""
        made = make.nomination(
            category or self.category, **({"achievement": TEXT, "nominee_name": "Tổ A"} | given)
        )
        if file:
            make.attachment(made)
        services.note_text(made)
        return made

    def look(self, nomination: Nomination, **given) -> Appraised:
        (found,) = queries.appraise(
            given.get("edition", self.edition),
            [services._with_category(nomination)],
            now=given.get("now", make.NOW),
        )
        return found

    def codes(self, nomination: Nomination, **given) -> list[str]:
        """The codes of what is found, in the order in which it is shown."""
        return [found.rule for found in self.look(nomination, **given).findings]

    def finding(self, nomination: Nomination, rule: str):
        """The one finding of a rule."""
        (found,) = [each for each in self.look(nomination).findings if each.rule == rule]
        return found

    def hold(self, nomination: Nomination, **given):
        plain = {
            "on": HoldOn.NOMINATION,
            "kind": HoldKind.COMPLAINT,
            "reason": "Đơn tố cáo số 12/ĐTC đang được xem xét.",
            "expires_on": None,
            "today": make.TODAY,
            "actor": self.secretary,
            "now": make.NOW,
        }
        return services.open_hold(nomination, **(plain | given))

    def admit(self, nomination: Nomination, **given) -> None:
        services.admit(self.edition, nomination, **({"actor": self.secretary, "now": make.NOW} | given))

    def override(self, nomination: Nomination, rule: str, **given):
        found = self.finding(nomination, rule)
        plain = {"reason": "Đã đối chiếu bản gốc.", "actor": self.secretary, "now": make.NOW}
        return services.override_finding(self.edition, nomination, rule, found.key, **(plain | given))


def new_body() -> Body:
    edition = make.edition()
    account = make.account(Role.COUNCIL, edition_id=edition.id)
    return Body(edition, make.category(make.scheme(edition)), account)


@pytest.fixture
def body(app) -> Body:
    """An edition with a category and its standing body."""
    return new_body()
