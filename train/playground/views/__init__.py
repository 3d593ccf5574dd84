"""Arrays that are drawn of a fit: on the plane, over time, or as small pictures."""
