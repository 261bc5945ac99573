"""The generator of hostile and odd files: `items(seed)` names them, `Tree` lays them down."""
