"""Tables of a user's own: columns as read, their kinds, and the encoder that turns them into numbers."""
