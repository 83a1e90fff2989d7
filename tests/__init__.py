"""The checks of DXDay; the folders mirror dxday/."""
