"""Installing, upgrading and taking back Routing ML on a server; making the releases for it. Standard library only, like bootstrap."""
