"""Operations: plans, who is on duty for them, dispatch, travel times, activations and drills. Above sensing, below the faces."""
