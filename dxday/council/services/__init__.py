"""Writing councils: seats and terms, conflicts of interest, and who reads what."""
