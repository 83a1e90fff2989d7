"""DXDay: the event management system of the National Digital Transformation Day."""
