"""What is true in a workspace: people, channels, messages, views, files. Neither listens nor sends."""
