"""The council: who sits on it, who must keep away from which dossier, who reads what, and what they think of it."""
