#ifndef PROBATE_INLINE_H
#define PROBATE_INLINE_H

/* One count of a foreign object more. `object` is a PbtForeign *. */
static inline void PBT_INCREF(PbtForeign *object) {
  object->refcount += 1;
}

/* One count of a foreign object less; at zero its deallocator is called. If its value is kept by this count alone, the next collection lets it go: see pbt_foreign_decref. */
static inline void PBT_DECREF(PbtForeign *object) {
  object->refcount -= 1;
  if (object->refcount == 0 && object->kind->dealloc) {
    object->kind->dealloc(object);
  }
}

#endif  /* PROBATE_INLINE_H */
