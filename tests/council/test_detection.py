"""What the rules take for a conflict of interest, and what they do not."""

import pytest

from dxday.council.detection import DossierFacts, MemberFacts, Tree, find_conflicts
from dxday.council.rules import ConflictKind

PROVINCE, DEPARTMENT, DIVISION, OLD_DEPARTMENT, OTHER = range(1, 6)
TREE = Tree(
    parents={DEPARTMENT: PROVINCE, DIVISION: DEPARTMENT, OLD_DEPARTMENT: PROVINCE, OTHER: PROVINCE},
    successors={OLD_DEPARTMENT: DEPARTMENT},
)


def member(**given):
    return MemberFacts(**({"account_id": 7, "full_name": "Lê Thị Hoà", "email": "hoa@council.vn"} | given))


def dossier(**given):
    defaults = {
        "nomination_id": 1,
        "agency": DEPARTMENT,
        "nominee_name": "Phòng Một cửa",
        "nominee_email": "office@department.vn",
        "contact_email": "contact@department.vn",
    }
    return DossierFacts(**(defaults | given))


def kinds(member, dossier, shared=()):
    return [kind for kind, _ in find_conflicts(member, dossier, TREE, shared)]


def test_strangers_have_no_conflict():
    assert kinds(member(agencies=frozenset({OTHER})), dossier()) == []


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"agencies": frozenset({DEPARTMENT})}, ConflictKind.SAME_AGENCY),
        ({"agencies": frozenset({OLD_DEPARTMENT})}, ConflictKind.SAME_AGENCY),
        ({"agencies": frozenset({PROVINCE})}, ConflictKind.SUPERIOR),
        ({"agencies": frozenset({DIVISION})}, ConflictKind.SUBORDINATE),
        ({"past_agencies": frozenset({DEPARTMENT})}, ConflictKind.PAST_AGENCY),
        ({"past_agencies": frozenset({OLD_DEPARTMENT})}, ConflictKind.PAST_AGENCY),
        ({"email": "Office@Department.vn"}, ConflictKind.NOMINEE),
        ({"email": "CONTACT@department.vn "}, ConflictKind.WRITER),
        ({"email": "somebody@department.vn"}, ConflictKind.MAIL_DOMAIN),
    ],
)
def test_each_rule_finds_its_kind(facts, kind):
    assert kind in kinds(member(**facts), dossier())


def test_who_nominated_under_an_agency_s_old_name_is_found_under_its_new_one():
    assert kinds(member(agencies=frozenset({DEPARTMENT})), dossier(agency=OLD_DEPARTMENT)) == [
        ConflictKind.SAME_AGENCY
    ]


def test_an_endorser_is_found_by_address_in_any_spelling():
    assert kinds(member(), dossier(endorsers=frozenset({" HOA@council.vn"}))) == [ConflictKind.ENDORSER]


def test_who_wrote_the_dossier_is_found_by_account():
    assert kinds(member(), dossier(written_by=frozenset({7}))) == [ConflictKind.WRITER]


def test_a_person_s_name_counts_wherever_the_tone_mark_stands():
    assert kinds(member(), dossier(nominee_name="LÊ THỊ HÒA", names_a_person=True)) == [ConflictKind.NOMINEE]


def test_the_name_of_a_collective_is_nobody_s_name():
    assert kinds(member(), dossier(nominee_name="Lê Thị Hoà")) == []


def test_another_tone_is_another_name():
    assert kinds(member(), dossier(nominee_name="Lê Thị Hoa", names_a_person=True)) == []


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.com.vn"])
def test_free_mail_says_nothing(domain):
    assert kinds(member(email=f"a@{domain}"), dossier(nominee_email=f"b@{domain}")) == []


def test_a_domain_that_many_agencies_share_says_nothing():
    one, other = member(email="a@nghean.gov.vn"), dossier(contact_email="b@nghean.gov.vn")

    assert kinds(one, other) == [ConflictKind.MAIL_DOMAIN]
    assert kinds(one, other, {"nghean.gov.vn"}) == []


def test_agencies_that_succeed_each_other_in_a_ring_end_somewhere():
    ring = Tree(parents={1: 2, 2: 1}, successors={1: 2, 2: 1})

    assert ring.today(1) == 2
    assert ring.above(1) <= {1, 2}


def test_a_dossier_without_addresses_has_no_domain_in_common_with_a_member_without_one():
    assert kinds(member(email=""), dossier(nominee_email="x", contact_email="y")) == []
