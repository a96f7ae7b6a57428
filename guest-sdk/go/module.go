package reweft

import "fmt"

// The functions of this module, by name and in the order of their definition.
var (
	workflows  = functions[*Context]{kind: "workflow", notFound: typeWorkflowNotFound}
	activities = functions[*ActivityContext]{kind: "activity", notFound: typeActivityNotFound}
)

// WorkflowDefinition is a workflow of this module.
type WorkflowDefinition[In, Out any] struct {
	name string
}

// Workflow defines a workflow of this module. Do so in a variable of the package, or in a function init.
//
//	var Greet = reweft.Workflow("Greet", func(ctx *reweft.Context, name string) (string, error) {
//		return "Hello, " + name + "!", nil
//	})
//
// It panics if the module has a workflow of this name already.
func Workflow[In, Out any](name string, code func(*Context, In) (Out, error)) WorkflowDefinition[In, Out] {
	workflows.add(name, erase(workflows.describe(name), code))
	return WorkflowDefinition[In, Out]{name}
}

// Call calls the workflow as a child, as [Context.CallWorkflow] does.
func (w WorkflowDefinition[In, Out]) Call(ctx *Context, input In, options ...ChildOption) *Task[Out] {
	return ctx.CallWorkflow[Out](w.name, input, options...)
}

// Start starts the workflow and lets it go, as [Context.StartWorkflow] does.
func (w WorkflowDefinition[In, Out]) Start(ctx *Context, input In, options ...ChildOption) *Task[string] {
	return ctx.StartWorkflow(w.name, input, options...)
}

// ActivityDefinition is an activity of this module.
type ActivityDefinition[In, Out any] struct {
	name string
}

// Activity defines an activity of this module, as [Workflow] defines a workflow.
//
//	var Say = reweft.Activity("Say", func(ctx *reweft.ActivityContext, text string) (reweft.None, error) {
//		ctx.Log(reweft.LevelInfo, text)
//		return nil, nil
//	})
func Activity[In, Out any](
	name string, code func(*ActivityContext, In) (Out, error),
) ActivityDefinition[In, Out] {
	activities.add(name, erase(activities.describe(name), code))
	return ActivityDefinition[In, Out]{name}
}

// Call calls the activity, as [Context.Call] does.
//
//	_, err := Say.Call(ctx, "Hello!").Get()
func (a ActivityDefinition[In, Out]) Call(ctx *Context, input In, options ...CallOption) *Task[Out] {
	return ctx.Call[Out](a.name, input, options...)
}

// function is a workflow or an activity, from text to text.
type function[C any] func(ctx C, input string) (string, *Failure)

// erase hides the types of a function behind texts.
func erase[C, In, Out any](what string, code func(C, In) (Out, error)) function[C] {
	return func(ctx C, text string) (string, *Failure) {
		input, failure := decode[In](text, typeInvalidInput, "the input of "+what)
		if failure != nil {
			return "", failure
		}
		output, err := code(ctx, input)
		if err != nil {
			return "", failureOf(err)
		}
		return encode(output, typeInvalidOutput, "the output of "+what)
	}
}

// functions holds the workflows or the activities of the module.
type functions[C any] struct {
	kind, notFound string
	names          []string
	byName         map[string]function[C]
}

func (f *functions[C]) describe(name string) string { return fmt.Sprintf("%s %q", f.kind, name) }

func (f *functions[C]) add(name string, code function[C]) {
	if f.byName == nil {
		f.byName = map[string]function[C]{}
	}
	if f.byName[name] != nil {
		panic("there are two of " + f.describe(name))
	}
	f.byName[name] = code
	f.names = append(f.names, name)
}

// execute runs the function of this name. A panic is a failure, and so is a name that nothing has.
func (f *functions[C]) execute(name string, ctx C, input string) (string, *Failure) {
	code := f.byName[name]
	if code == nil {
		message := "the module has no " + f.describe(name)
		return "", &Failure{Type: f.notFound, Message: message, NonRetriable: true}
	}
	return guard(func() (string, *Failure) { return code(ctx, input) })
}
