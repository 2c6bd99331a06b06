"""The alternation: mask update, network update, and everything a resume needs."""
