"""The front door: pages that gather from several features."""
