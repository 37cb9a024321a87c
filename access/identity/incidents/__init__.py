"""What operators end for somebody who lost a laptop or a key."""
