"""Pages of certificates: for everybody who checks one or holds one, and for those who hand them out."""
