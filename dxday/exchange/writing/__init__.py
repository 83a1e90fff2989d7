"""Writing the published programme for other systems: frab XML and schedule JSON."""

from dxday.exchange.writing.frab import write_xml
from dxday.exchange.writing.jsons import write_json
from dxday.exchange.writing.programme import Programme, gather

__all__ = ["Programme", "gather", "write_json", "write_xml"]
