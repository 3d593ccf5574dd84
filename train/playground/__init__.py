"""The playground: runs on points, stepped live and shown in a browser."""
