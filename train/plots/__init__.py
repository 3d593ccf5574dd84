"""Pictures: functions from plain arrays to a PNG file, drawn by matplotlib without a screen."""
