// SPDX-License-Identifier: Apache-2.0
// Reads a CodeGeneratorRequest: nodes by identifier, annotations of stele.capnp, doc comments.
#include "model.hpp"

#include <cctype>
#include <map>

namespace idl {

namespace schema = capnp::schema;

namespace {

// Identifiers of the annotations in abi/interfaces/stele.capnp.
constexpr std::uint64_t interface_number_id = 0xc3a8e54f1b7d9021;
constexpr std::uint64_t kernel_id = 0xe1740b3d6c58af92;
constexpr std::uint64_t errors_id = 0xb85f92d7034ce61a;
constexpr std::uint64_t one_way_id = 0xd20e76a9c41fb835;
constexpr std::uint64_t max_bytes_id = 0xaf31c8805be7d64d;

std::string trimmed(std::string text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
    return text;
}

class Builder {
public:
    explicit Builder(schema::CodeGeneratorRequest::Reader request) {
        for (auto node : request.getNodes()) nodes_.emplace(node.getId(), node);
        for (auto info : request.getSourceInfo()) comments_.emplace(info.getId(), info);
    }

    SchemaFile file(schema::CodeGeneratorRequest::RequestedFile::Reader requested) const {
        SchemaFile result;
        result.path = requested.getFilename().cStr();
        auto const slash = result.path.rfind('/');
        result.stem = slash == std::string::npos ? result.path : result.path.substr(slash + 1);
        if (auto const dot = result.stem.find('.'); dot != std::string::npos) result.stem.resize(dot);
        for (auto nested : nodes_.at(requested.getId()).getNestedNodes()) {
            auto const node = nodes_.at(nested.getId());
            if (node.isInterface()) result.interfaces.push_back(interface(nested.getName().cStr(), node));
            if (node.isEnum()) result.enumerations.push_back(enumeration(nested.getName().cStr(), node));
        }
        return result;
    }

private:
    std::string comment(std::uint64_t id) const {
        auto const found = comments_.find(id);
        return found == comments_.end() ? "" : trimmed(found->second.getDocComment().cStr());
    }

    std::string member_comment(std::uint64_t id, unsigned index) const {
        auto const found = comments_.find(id);
        if (found == comments_.end() || index >= found->second.getMembers().size()) return "";
        return trimmed(found->second.getMembers()[index].getDocComment().cStr());
    }

    Enumeration enumeration(std::string name, schema::Node::Reader node) const {
        Enumeration result{.name = std::move(name),
                           .id = node.getId(),
                           .comment = comment(node.getId()),
                           .values = {},
                           .value_comments = {}};
        auto const enumerants = node.getEnum().getEnumerants();
        for (unsigned i = 0; i < enumerants.size(); ++i) {
            result.values.push_back(snake_case(enumerants[i].getName().cStr()));
            result.value_comments.push_back(member_comment(node.getId(), i));
        }
        return result;
    }

    Interface interface(std::string name, schema::Node::Reader node) const {
        Interface result;
        result.name = std::move(name);
        result.comment = comment(node.getId());
        result.has_superclass = node.getInterface().getSuperclasses().size() != 0;
        for (auto annotation : node.getAnnotations()) {
            if (annotation.getId() == interface_number_id) result.number = annotation.getValue().getUint16();
            if (annotation.getId() == kernel_id) result.kernel = true;
        }
        auto const methods = node.getInterface().getMethods();
        for (unsigned i = 0; i < methods.size(); ++i)
            result.methods.push_back(
                method(methods[i], static_cast<std::uint16_t>(i), member_comment(node.getId(), i)));
        return result;
    }

    Method method(schema::Method::Reader reader, std::uint16_t ordinal, std::string comment) const {
        Method result;
        result.name = snake_case(reader.getName().cStr());
        result.ordinal = ordinal;
        result.comment = std::move(comment);
        result.parameters = parameters(reader.getParamStructType());
        result.results = parameters(reader.getResultStructType());
        for (auto annotation : reader.getAnnotations()) {
            if (annotation.getId() == one_way_id) result.one_way = true;
            if (annotation.getId() == errors_id)
                for (auto text : annotation.getValue().getList().getAs<capnp::List<capnp::Text>>())
                    result.errors.emplace_back(text.cStr());
        }
        return result;
    }

    std::vector<Parameter> parameters(std::uint64_t struct_id) const {
        auto const node = nodes_.at(struct_id);
        std::vector<Parameter> result(node.getStruct().getFields().size());
        for (auto field : node.getStruct().getFields()) {
            auto& parameter = result.at(field.getCodeOrder());
            parameter.name = snake_case(field.getName().cStr());
            bool const plain = field.isSlot() && node.getStruct().getDiscriminantCount() == 0;
            if (plain) set_type(parameter, field.getSlot().getType());
            else parameter.type_name = "group or union";
            for (auto annotation : field.getAnnotations())
                if (annotation.getId() == max_bytes_id)
                    parameter.bytes_max = annotation.getValue().getUint16();
        }
        return result;
    }

    void set_type(Parameter& parameter, schema::Type::Reader type) const {
        auto const set = [&](Kind kind, unsigned bits = 0) { parameter.kind = kind, parameter.bits = bits; };
        switch (type.which()) {
        case schema::Type::BOOL: return set(Kind::boolean);
        case schema::Type::UINT8: return set(Kind::unsigned_integer, 8);
        case schema::Type::UINT16: return set(Kind::unsigned_integer, 16);
        case schema::Type::UINT32: return set(Kind::unsigned_integer, 32);
        case schema::Type::UINT64: return set(Kind::unsigned_integer, 64);
        case schema::Type::INT8: return set(Kind::signed_integer, 8);
        case schema::Type::INT16: return set(Kind::signed_integer, 16);
        case schema::Type::INT32: return set(Kind::signed_integer, 32);
        case schema::Type::INT64: return set(Kind::signed_integer, 64);
        case schema::Type::TEXT: return set(Kind::text);
        case schema::Type::DATA: return set(Kind::data);
        case schema::Type::INTERFACE:
            parameter.type_name = simple_name(type.getInterface().getTypeId());
            return set(Kind::capability);
        case schema::Type::ANY_POINTER: parameter.type_name = "any"; return set(Kind::capability);
        case schema::Type::ENUM:
            parameter.type_id = type.getEnum().getTypeId();
            parameter.type_name = simple_name(parameter.type_id);
            return set(Kind::enumeration);
        case schema::Type::LIST: parameter.type_name = "list"; return;
        case schema::Type::STRUCT: parameter.type_name = "struct"; return;
        case schema::Type::FLOAT32:
        case schema::Type::FLOAT64: parameter.type_name = "floating-point number"; return;
        case schema::Type::VOID: parameter.type_name = "void"; return;
        }
    }

    std::string simple_name(std::uint64_t id) const {
        auto const node = nodes_.at(id);
        return node.getDisplayName().cStr() + node.getDisplayNamePrefixLength();
    }

    std::map<std::uint64_t, schema::Node::Reader> nodes_;
    std::map<std::uint64_t, schema::Node::SourceInfo::Reader> comments_;
};

} // namespace

std::string snake_case(std::string const& name) {
    std::string result;
    for (char const c : name) {
        bool const upper = std::isupper(static_cast<unsigned char>(c)) != 0;
        if (upper && !result.empty()) result += '_';
        result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return result;
}

std::vector<SchemaFile> read_model(schema::CodeGeneratorRequest::Reader request) {
    Builder const builder(request);
    std::vector<SchemaFile> files;
    for (auto requested : request.getRequestedFiles()) {
        auto file = builder.file(requested);
        if (!file.interfaces.empty() || !file.enumerations.empty()) files.push_back(std::move(file));
    }
    return files;
}

} // namespace idl
