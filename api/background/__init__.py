"""What runs in threads while the server serves: updates of the views, and sealing."""
