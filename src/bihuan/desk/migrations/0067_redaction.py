"""A box of the vault may be emptied, and nothing else of it may ever change."""

from django.db import migrations

FENCE = """
CREATE FUNCTION only_empty_box() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF octet_length(NEW.box) = 0 AND (NEW.id, NEW.world_id, NEW.case_id, NEW.key_id, NEW.kind)
     = (OLD.id, OLD.world_id, OLD.case_id, OLD.key_id, OLD.kind) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a box of the vault may be emptied, not changed (law 5)' USING ERRCODE = 'BH005';
END $$;
CREATE TRIGGER vault_item_only_empty BEFORE UPDATE ON vault_item FOR EACH ROW EXECUTE FUNCTION only_empty_box();
GRANT UPDATE (box) ON vault_item TO bihuan_app;
"""
BACK = "DROP TRIGGER vault_item_only_empty ON vault_item; DROP FUNCTION only_empty_box;"


class Migration(migrations.Migration):
    dependencies = [("desk", "0066_saved_views")]
    operations = [migrations.RunSQL(FENCE, BACK)]
