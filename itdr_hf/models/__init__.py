"""Whoever answers or is tuned: endpoints, teachers, predictions, recommenders, training."""
