"""Who is who in files that were read before."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dxday.db import Base, Id, Key


class ImportedPerson(Base):
    """The person that a file calls by a key of its own, so that reading it again meets the same one."""

    __tablename__ = "imported_person"
    __table_args__ = (UniqueConstraint("edition_id", "key"),)

    id: Mapped[Id]
    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("edition.id"))
    key: Mapped[str]
    person_id: Mapped[int] = mapped_column(Key, ForeignKey("person.id"), index=True)
