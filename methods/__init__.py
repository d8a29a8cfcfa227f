"""How an item gets its routing from what the catalogue says: simple and learned members, the choice among them by the data, its proof."""
