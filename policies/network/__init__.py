"""The network as data: regions, themes, rooms, who belongs where, and the plan that makes it so."""
