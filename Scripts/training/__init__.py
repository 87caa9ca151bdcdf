"""Training of centroid networks: data, network, loss, loop, export and measurement."""
