"""Pages of the programme: for staff and for visitors."""
