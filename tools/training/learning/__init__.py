"""What the training commands share: pictures, pairs, losses, the network as a module, measuring."""
