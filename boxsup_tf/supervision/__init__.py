"""What the boxes teach: candidates' costs, the choice among them, and the masks it paints."""
