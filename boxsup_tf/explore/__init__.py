"""A page that shows the choice of candidates: costs, ranks, beliefs and masks of single images."""
