/* Where objects of a class with __slots__ keep an attribute. */

#include <Python.h>
#include <structmember.h>

static Py_ssize_t offset_in_object(PyObject *descriptor) {
    PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
    return member->type == T_OBJECT_EX ? member->offset : 0;
}

static inline PyObject **slot_at(PyObject *object, Py_ssize_t offset) {
    return (PyObject **)((char *)object + offset);
}
